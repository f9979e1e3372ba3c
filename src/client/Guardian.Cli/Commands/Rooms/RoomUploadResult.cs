using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>The result of <c>room upload</c>.</summary>
/// <param name="Version">Public name of the version that the room has now: what the log and answers show.</param>
/// <param name="Digest">Digest of its content, which no other member sees.</param>
/// <param name="Base">The version that was changed; null when the file holds all persons.</param>
/// <param name="VersionPersons">Persons in the room's version.</param>
/// <param name="Rows">Rows of the file.</param>
/// <param name="Persons">Persons in it.</param>
/// <param name="Empty">Rows without identifier.</param>
/// <param name="Invalid">Rows whose identifier is invalid.</param>
/// <param name="Nobodys">Rows whose identifier is nobody's.</param>
/// <param name="Hashed">Rows with a hash where the contract says clear text.</param>
/// <param name="InvalidCells">Cells that are no value of their column and count as empty.</param>
/// <param name="Duplicates">Rows of a person that an earlier row has.</param>
/// <param name="SharedIdentifiers">Identifiers that were left out of a row because an earlier row has them.</param>
/// <param name="Uncounted">Events outside every window and filter.</param>
/// <param name="Capped">Persons who reach a column's bound.</param>
/// <param name="IgnoredColumns">Columns that stayed on this machine.</param>
/// <param name="ResumedAt">Chunks that an earlier try had sent.</param>
/// <param name="Bytes">Bytes sent in all, padding included.</param>
internal sealed record RoomUploadResult(
    string DataSet, string Version, string Digest, string? Base, int VersionPersons, int Rows, int Persons, int Empty, int Invalid,
    int Nobodys, int Hashed, int InvalidCells, int Duplicates, int SharedIdentifiers, int Uncounted, int Capped,
    IReadOnlyList<string> IgnoredColumns, int Chunks, int ResumedAt, long Bytes)
{
    private const int MaxShown = 10;

    /// <summary>Whether the enclave made the version from changes or from unsorted rows.</summary>
    [JsonIgnore]
    public bool IsMadeInEnclave { get; private init; }

    public static RoomUploadResult Of(
        string dataSet, UploadReceipt accepted, PreparationReport report, int chunks, int resumed, long size) => new(
        dataSet, accepted.Version, accepted.Digest, accepted.Base, accepted.Rows, report.Rows, report.Persons, report.Empty, report.Invalid,
        report.Nobodys, report.Hashed, report.InvalidCells, report.Duplicates, report.SharedIdentifiers, report.Uncounted,
        report.Capped, [.. report.IgnoredColumns], chunks, resumed, size)
    {
        IsMadeInEnclave = accepted.Upload is not null,
    };

    private string ShowIgnored() =>
        string.Join(", ", IgnoredColumns.Take(MaxShown))
            + (IgnoredColumns.Count > MaxShown ? $" and {IgnoredColumns.Count - MaxShown} more" : "");

    /// <summary>The result for people.</summary>
    public IEnumerable<string> ToLines()
    {
        List<string> left =
        [
            .. new[] { (Empty, "without identifier"), (Invalid, "with an invalid identifier"),
                (Nobodys, "with an identifier of nobody"), (Duplicates, "of a person already there") }
                .Where(each => each.Item1 > 0).Select(each => $"{Format.Number(each.Item1)} {each.Item2}"),
        ];
        yield return $"{DataSet}: {Format.Count(Persons, "person")} from {Format.Count(Rows, "row")}"
            + (left.Count > 0 ? $"; left out: {string.Join(", ", left)}" : "")
            + (InvalidCells > 0 ? $"; {Format.Count(InvalidCells, "invalid cell counts", "invalid cells count")} as empty" : "")
            + (SharedIdentifiers > 0
                ? $"; {Format.Count(SharedIdentifiers, "identifier counts", "identifiers count")} for an earlier row only"
                : "")
            + (Uncounted > 0 ? $"; {Format.Count(Uncounted, "event lies", "events lie")} outside every window or filter" : "")
            + (Capped > 0 ? $"; {Format.Count(Capped, "person reaches", "persons reach")} a column's bound" : "")
            + (IgnoredColumns.Count > 0 ? $"; columns that stayed here: {ShowIgnored()}" : "");
        if (Hashed > 0)
        {
            yield return $"WARNING: {Format.Count(Hashed, "row")} with a hash where the contract says clear text: "
                + "a hash does not match the text that it was made of; amend the contract with 'form: sha256', or upload clear text";
        }
        if (IsMadeInEnclave)
        {
            yield return $"the version that the enclave made of them has {Format.Count(VersionPersons, "person")}";
        }
        yield return $"sent {Format.Number(Bytes)} bytes of ciphertext in {Format.Count(Chunks, "chunk")}"
            + (ResumedAt > 0 ? $"; an earlier try had sent {ResumedAt} of them" : "");
    }
}
