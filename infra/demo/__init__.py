"""What a fresh one-machine server shows: staff of every role and cases in every state, made through the use cases like any
other.
"""
