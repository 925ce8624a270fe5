"""Signed evidence: made, kept in an append-only log per writer, and verified offline by strangers.

Standards: in-toto Statement v1, DSSE v1.0.2, SLSA Provenance v1, in-toto test-result v0.1, ed25519 (RFC 8032).

==========  ======================================================================
KEY001-009  private key files: exists, absent, link, owner, permissions, content
EVID001     larger than the cap                EVID002  not JSON, not UTF-8, or nested too deep
EVID003     a JSON key stands twice            EVID004  missing, extra or mistyped keys
EVID005     base64 that is not canonical       EVID006  not exactly our serialisation
EVID007     another payload type               EVID008  a signature does not verify
EVID009     no signature by a known key        EVID010  signatures repeated or out of order
EVID011     a statement of another shape       EVID012  a predicate that we do not know
EVID013     a digest that is none              EVID014  a withheld text that is not the one stated
EVID020     no policy                          EVID021  a policy that contradicts itself
EVID022     policy versions with a gap         EVID023  not signed by the root threshold before
EVID024     the policy has expired             EVID025  another root than the trusted one
EVID026     policy rolled back or replaced     EVID027  nobody outside vouches for the root
EVID030     log head absent or misshapen       EVID031  a bundle of the log is missing
EVID032     a file that is not in the log      EVID033  a bundle altered, replaced or reordered
EVID034     log shorter than, or not the one, seen before
EVID035     a writer's log has vanished        EVID036  exported bundle differs from its index
EVID039     replaced by refs/replace           EVID058  history cut, or an object that is odd
EVID040     change signed without the role     EVID041  not exactly one parent
EVID042     not on the tip that was judged     EVID043  another tree
EVID044     another content                    EVID045  a demanded gate is missing
EVID046     a gate refused                     EVID047  approved by its author alone
EVID048     a finding that nobody lifted
EVID049     acceptance missing or failed       EVID050  no approval of this change
EVID051     a person said no                   EVID052  the plan was not approved
EVID053     unattested on a protected ref      EVID054  attested where no policy is in force
EVID055     says it is ours, and nothing covers it
TRUST001-7  the trust store's file, as KEY001-007
TRUST008    ``.handrail/`` not trusted         TRUST009  ``.handrail/`` changed since
TRUST010    a trust store of another shape     TRUST011  a link in ``.handrail/``
TRUST012    ``.handrail/`` too large
==========  ======================================================================
"""
