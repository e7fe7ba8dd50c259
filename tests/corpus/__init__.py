"""What people write on either platform, and what of it may be read on the other."""
