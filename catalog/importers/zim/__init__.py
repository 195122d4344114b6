"""ZIM files: encyclopaedias and sites packed for offline reading (openzim.org)."""
