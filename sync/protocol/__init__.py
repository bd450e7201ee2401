"""What a session with the Web Connector is, decided without doing anything: no clock, no database, no chance."""
