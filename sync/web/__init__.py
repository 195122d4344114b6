"""What both ends serve with: the front, sign-in, forms, base page, styles and translations."""
