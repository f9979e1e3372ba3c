using Guardian.Cli.Output;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Rooms;

/// <summary>The documents that a room starts from, with comments for the people who edit them.</summary>
internal static class RoomTemplates
{
    /// <summary>Writes a session that gives the room's key to the enclave and to nobody else.</summary>
    public static string WriteSession(string room, MrEnclave enclave, IReadOnlyList<PlatformKind> platforms) =>
        $$"""
        # The CAS stores this session. It draws the room's key itself and gives it to the measured enclave alone; nobody can read the key.
        # Nobody can change the session either, and everybody may read it.
        name: {{room}}
        access_policy: {update: [NONE], read: [ANY]}
        services:
          - name: room
            command: clean-room
            environment:
              ROOM_KEY: $$GUARDIAN::room_key:hex$$
            # The tag 'room' records the state of the room's log, so that the enclave refuses an older copy of its files.
            # The tag 'room-keys' holds the secret that wraps the keys of data: replacing it erases deleted data.
            tags: [room, room-keys]
            attestation:
              - mrenclave: [{{enclave}}]
            platforms: [{{WriteList(platforms)}}]
        secrets:
          - name: room_key
            kind: binary
            size: 32
            pinned: true

        """;

    /// <summary>Writes the head of a contract: everything that the members need not discuss.</summary>
    public static string WriteContractHead(
        string room, IReadOnlyList<(string Name, string PublicKey)> members, MrEnclave enclave, MrEnclave cas,
        IReadOnlyList<PlatformKind> platforms, string sessionHash, string casIdentity) =>
        $$"""
        # The agreement of this room's members. Every member signs these exact bytes, and the enclave's quote carries their hash.
        room: {{room}}
        version: 1

        members:
        {{string.Join('\n', members.Select(member => $"  - {{name: {member.Name}, key: {member.PublicKey}}}"))}}

        # The code that may compute here, and the one CAS that has its key. `guardian enclave measure` prints the measurements, and
        # `guardian cas attest` the identity and the owners: add `owners` to accept the CAS only while these people own it.
        enclave:
          attestation:
            - mrenclave: [{{enclave}}]
          platforms: [{{WriteList(platforms)}}]
        cas:
          attestation:
            - mrenclave: [{{cas}}]
          platforms: [{{WriteList(platforms)}}]
          identity: {{casIdentity}}
          session: {{room}}/room
          session_hash: {{sessionHash}}

        """;

    /// <summary>Writes an example of the rest, for people to edit.</summary>
    public static string WriteContractBody(string first, string second) =>
        $$"""

        # One row for each person. max_rows is public: the padded size of an upload depends on it alone.
        # With max_changes, which is public too, later uploads may contain changes alone.
        # Questions may filter and group by columns with `filter: true` only, and never by identifiers.
        datasets:
          - name: campaign
            owner: {{first}}
            identifier: {kind: email, column: email}
            max_rows: 100000
            columns:
              - {name: arm, type: category, values: [Treatment, Control], filter: true}
              - {name: exposed, type: flag, filter: true}
          - name: customers
            owner: {{second}}
            identifier: {kind: email, column: email}
            max_rows: 100000
            max_changes: 10000
            columns:
              - {name: region, type: category, values: [North, South], filter: true}
              - {name: visit, type: flag}
              - {name: spend, type: decimal, places: 2, minimum: 0, maximum: 10000, sum: true, cap: 500}

        analyses:
          overlap: true
          crosstab: true
          sum: true
          lift:
            assignment: campaign.arm
            control: Control
            shares: equal
            outcomes: [customers.visit, customers.spend]
            population: matched
            exposure: campaign.exposed

        {{WritePrivacy([first, second])}}
        """;

    /// <summary>Writes the rest around data sets that their owners drafted.</summary>
    /// <param name="dataSets">The entries of <c>datasets</c>, indented by two blanks.</param>
    /// <param name="persons">With several identifiers, the data set whose rows are the persons; else null.</param>
    /// <param name="members">The members' names.</param>
    public static string WriteContractBody(string dataSets, string? persons, IReadOnlyList<string> members) =>
        $$"""
        {{(persons is null ? "" : WritePersons(persons))}}
        # As their owners drafted them. DECIDE stands where an owner must decide; the contract is not valid before.
        datasets:
        {{dataSets.TrimEnd('\n')}}

        # A campaign with a control group is measured by `lift`: assignment, control, shares, outcomes and population.
        analyses:
          overlap: true
          crosstab: true
          sum: true

        {{WritePrivacy(members)}}
        """;

    private static string WritePersons(string persons) =>
        $"""

        # Persons match by several identifiers, each person once. The rows of this data set are the persons, and others match through
        # them: take the one of the campaign, or your customers.
        persons: {persons}

        """;

    private static string WritePrivacy(IReadOnlyList<string> members) =>
        $$"""
        # No answer is about fewer than minimum_audience persons, or differs from an earlier one by fewer. Every figure has discrete Laplace
        # noise, and each answer costs its data sets epsilon of their budget; lift costs 3, unless it says `epsilon`. This budget is enough
        # for one lift and ten other answers; `guardian room check` says how well it protects a person. `noise: none` gives exact figures
        # and less protection.
        privacy:
          minimum_audience: 100
          noise: {epsilon: 0.1}
          budget: 4

        roles:
          query: [{{string.Join(", ", members)}}]
          receive: [{{string.Join(", ", members)}}]
          pay: [{{members[0]}}]

        """;

    private static string WriteList(IReadOnlyList<PlatformKind> platforms) => string.Join(", ", platforms.Select(Platforms.Name));
}
