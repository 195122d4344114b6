"""Signing in without sending the password: over plain HTTP a browser proves that it knows it.

* The messages are SCRAM (RFC 5802, RFC 7677); what they stretch the password with is scrypt, which costs memory.
* They travel sealed (X25519), so that who listens to the Wi-Fi has nothing to guess against, nor hears a new password's
  verifier. Who can change what is sent could change the script too: against that only HTTPS helps.
* Without a script there are codes for one use; with HTTPS the plain form will do.
"""
