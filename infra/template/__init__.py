"""The CloudFormation template of one street.

Built in two halves: `data` (tables, buckets, key: what must survive every deployment) and `functions` (the API, the event
functions and what starts them). `assemble` joins them. Nothing here talks to AWS.
"""
