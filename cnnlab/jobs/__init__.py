"""Work of seconds to minutes in a process of its own, kept in a folder: start it, watch it, cancel it, read what came out."""
