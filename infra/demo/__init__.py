"""What a fresh one-machine server shows: staff of every role, cases in every state, and registrations where the street has them,
made through the use cases like any other.
"""
