"""Files to pixels and geometry: untrusted files in a child process, stored planes in this one."""
