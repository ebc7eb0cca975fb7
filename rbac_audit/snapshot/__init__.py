"""What was read: typed objects, the gaps beside them, and the file that carries both."""
