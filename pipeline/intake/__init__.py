"""What comes in: lists, deliveries, and which volume a file belongs to by its circumstances."""
