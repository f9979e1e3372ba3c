using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Rooms;

/// <summary>The documents a room starts from, with comments that lead a person through them.</summary>
internal static class RoomTemplates
{
    /// <summary>A session that gives the room's key to the enclave and to nobody else.</summary>
    public static string Session(string room, MrEnclave enclave, IReadOnlyList<PlatformKind> platforms) =>
        $$"""
        # Kept by the CAS. It makes the room's key itself and gives it to the measured enclave alone; nobody can read it.
        name: {{room}}
        services:
          - name: room
            command: clean-room
            environment:
              ROOM_KEY: $$GUARDIAN::room_key:hex$$
            # Where the room's log stands: an older copy of its state, with less of its budget spent, is refused.
            tags: [room]
            attestation:
              - mrenclave: [{{enclave}}]
            platforms: [{{List(platforms)}}]
        secrets:
          - name: room_key
            kind: binary
            size: 32

        """;

    /// <summary>The head of a contract: everything but what the members have to agree on.</summary>
    public static string ContractHead(
        string room, IReadOnlyList<(string Name, string PublicKey)> members, MrEnclave enclave, MrEnclave cas,
        IReadOnlyList<PlatformKind> platforms, string sessionHash) =>
        $$"""
        # What the members of this room agree on. Every member signs these exact bytes; the enclave's quote carries their hash.
        room: {{room}}
        version: 1

        members:
        {{string.Join('\n', members.Select(member => $"  - {{name: {member.Name}, key: {member.PublicKey}}}"))}}

        # The code that may compute here, and the CAS that keeps its key: what `guardian enclave measure` prints.
        enclave:
          attestation:
            - mrenclave: [{{enclave}}]
          platforms: [{{List(platforms)}}]
        cas:
          attestation:
            - mrenclave: [{{cas}}]
          platforms: [{{List(platforms)}}]
          session: {{room}}/room
          session_hash: {{sessionHash}}

        """;

    /// <summary>An example of the rest, for people to edit.</summary>
    public static string ContractBody(string first, string second) =>
        $$"""

        # One row per person. max_rows is public: the padded size of an upload follows from it alone. With max_changes, public too, later uploads may bring changes alone.
        # Only columns with `filter: true` may be filtered and grouped by; identifiers never.
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

        # Nothing about fewer than minimum_audience persons leaves, nor about a difference of fewer from an earlier answer. Every figure carries
        # discrete Laplace noise; each answer costs its data sets epsilon of their budget. `noise: none` gives exact figures, and less protection.
        privacy:
          minimum_audience: 100
          noise: {epsilon: 0.5}
          budget: 10

        roles:
          query: [{{first}}, {{second}}]
          receive: [{{first}}, {{second}}]
          pay: [{{first}}]

        """;

    private static string List(IReadOnlyList<PlatformKind> platforms) => string.Join(", ", platforms.Select(Platforms.Name));
}
