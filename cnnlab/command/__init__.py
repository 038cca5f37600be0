"""The command line, for scripts: what the pages do, without a browser. Errors are sentences, with exit code 2."""
