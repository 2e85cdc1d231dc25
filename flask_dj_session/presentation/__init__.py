"""What people are told of rows and their texts, on the command line and in the inspector alike."""
