// A file that cannot be loaded: the host runs all the same, and lists nothing.
throw new Error('not today');
