"""The embedded stack: every server and process of Watchkeeper on this machine, supervised."""
