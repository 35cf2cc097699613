"""The asyncio shell: session, submission, streams, recovery, protection, shutdown, status."""
