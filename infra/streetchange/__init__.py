"""A street file changed without deploying other code: `python -m infra.streetchange STREET --stack …`.

The package that runs is fetched, street.json and places.json in it are replaced, and nothing else: the same bytes come out as a
build of the same code with the new file. It goes to the bucket under the name of its content, and CloudFormation is told that one
parameter, with its own template. So the stack stays the only owner of the functions, a failed change is rolled back by it, the
change before comes back the same way, the next deployment undoes nothing, and a cold start reads two files of its own package as
ever.

A Lambda layer or an object in S3 were the other ways: a layer's version hangs on eleven functions and would be taken off again by
the next deployment of the template; an object costs every cold start a call, and a submission must not pay for what changes once
a month.

- `compare`  what differs between the two streets, and which of it is never a change of this kind.
- `standing` what is under way in the street: open cases, who holds which office, registrations, events that wait.
- `safety`   what of the change that, standing so, does not allow.
- `package`  the package with the two files replaced.
"""
