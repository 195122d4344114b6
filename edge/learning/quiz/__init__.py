"""Quizzes: a bank's questions asked, answers kept, tries marked here, essays read by a teacher."""
