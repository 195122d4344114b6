"""What is on its way to becoming a release: files that come, what an import made of them, what it will cost."""
