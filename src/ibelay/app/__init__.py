"""The composition root: settings to built objects; adapters meet the runtime only here."""
