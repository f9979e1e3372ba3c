using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>Announces an upload: <c>POST /v1/datasets/NAME/uploads</c>.</summary>
/// <param name="Digest"><see cref="VersionDigest"/>, lower-case hex.</param>
/// <param name="Rows">Rows in it, without duplicates and empty identifiers.</param>
public sealed record UploadRequest(string Digest, int Rows)
{
    /// <summary>The content of the chunks.</summary>
    public UploadForm Form { get; init; }

    /// <summary>Digest of the version that changes are for; null otherwise.</summary>
    public string? Base { get; init; }

    /// <summary>Cells of the owner's file that are no value of their column and count as empty. The owner's client counts them, and the
    /// receipt repeats the number.</summary>
    public int InvalidCells { get; init; }

    /// <summary>Checks an announcement before anything is stored.</summary>
    /// <param name="dataSet">The data set, from the contract.</param>
    /// <returns>The refusal, or null.</returns>
    internal Refusal? FindProblem(DataSet dataSet)
    {
        if (!UploadFolder.IsDigest(Digest))
        {
            return RoomReasons.BadDigest.Because("the digest must be 64 lower-case hex digits");
        }
        var most = dataSet.InForm(Form).MaxRows;
        if (Rows < 1 || Rows > most)
        {
            return RoomReasons.BadRows.Because($"'{dataSet.Name}' may have 1 to {most} rows in an upload, not {Rows}");
        }
        return InvalidCells < 0 || (InvalidCells > 0 && dataSet.File.InvalidCells == 0)
            ? RoomReasons.BadRows.Because($"the contract allows no invalid cells in '{dataSet.Name}'")
            : null;
    }

    /// <summary>Makes the widest announcement of the same form: its size must not tell the number of rows.</summary>
    /// <returns>An announcement to compute sizes with.</returns>
    public UploadRequest ToWidest() => this with { Rows = int.MinValue, InvalidCells = int.MinValue };
}

/// <summary>The progress of an upload: the reply to the announcement and to every chunk.</summary>
/// <param name="Digest">The upload.</param>
/// <param name="NextChunk">Index of the first chunk that is not yet stored.</param>
/// <param name="ChunkCount">Chunks in all.</param>
public sealed record UploadState(string Digest, int NextChunk, int ChunkCount);
