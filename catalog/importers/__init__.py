"""Importers: whatever a teacher brings becomes activities and layers. `registry` knows them, `course` reads."""
