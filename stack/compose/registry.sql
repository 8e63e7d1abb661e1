-- The schema registry keeps its tables in a database of its own beside Rekindle's.
CREATE DATABASE registry;
