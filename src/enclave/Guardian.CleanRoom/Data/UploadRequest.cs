using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

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

    /// <summary>Makes the widest announcement of the same form: its size must not tell the number of rows.</summary>
    /// <returns>An announcement to compute sizes with.</returns>
    public UploadRequest ToWidest() => this with { Rows = int.MinValue, InvalidCells = int.MinValue };
}

/// <summary>The progress of an upload: the reply to the announcement and to every chunk.</summary>
/// <param name="Digest">The upload.</param>
/// <param name="NextChunk">Index of the first chunk that is not yet stored.</param>
/// <param name="ChunkCount">Chunks in all.</param>
public sealed record UploadState(string Digest, int NextChunk, int ChunkCount);
