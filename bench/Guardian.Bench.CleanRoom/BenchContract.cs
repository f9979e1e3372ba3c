using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Documents;

namespace Guardian.Bench.CleanRoom;

/// <summary>The contract of the benches: two data sets with the same two columns, in an exact room.</summary>
internal static class BenchContract
{
    /// <summary>Makes the contract.</summary>
    /// <param name="identifier">The lines of each data set that say how persons are known.</param>
    /// <param name="rows">The most rows of a data set.</param>
    /// <param name="more">Further lines of the contract.</param>
    public static RoomContract Read(string identifier, int rows, string more = "")
    {
        using var one = IdentityKey.Create();
        using var two = IdentityKey.Create();
        var measurement = new string('0', 2 * SHA256.HashSizeInBytes);
        string DataSet(string name, string owner) =>
            $"  - name: {name}\n    owner: {owner}\n{identifier}    max_rows: {rows.ToString(CultureInfo.InvariantCulture)}\n"
            + "    columns:\n"
            + "      - {name: one, type: integer, minimum: 0, maximum: 9, filter: true}\n"
            + "      - {name: two, type: integer, minimum: 0, maximum: 99, filter: true}\n";
        var text = $$"""
            room: bench
            version: 1
            members:
              - {name: first, key: {{one.PublicKey}}}
              - {name: second, key: {{two.PublicKey}}}
            enclave:
              attestation:
                - mrenclave: [{{measurement}}]
              platforms: [simulated]
            cas:
              attestation:
                - mrenclave: [{{measurement}}]
              platforms: [simulated]
              session: bench/room
              session_hash: {{measurement}}
            analyses:
              overlap: true
              crosstab: true
            privacy:
              noise: none
            roles: {query: [first], receive: [first], pay: [first]}
            datasets:

            """ + DataSet("a", "first") + DataSet("b", "second") + more;
        var problems = new DocumentProblems();
        return ContractReader.Read(Encoding.UTF8.GetBytes(text), problems)
            ?? throw new InvalidOperationException(string.Join('\n', problems.Items));
    }
}
