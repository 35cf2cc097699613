"""The paper gateway: a thin server around a pure exchange, market and session."""
