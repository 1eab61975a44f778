"""What people look at: terminal output now, the nightly report later."""
