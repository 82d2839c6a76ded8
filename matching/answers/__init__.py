"""What is told of a verdict and of a batch's items, to programs and to people alike."""
