using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Data;

/// <summary>A version of a data set, as questions and receipts use it.</summary>
/// <param name="Source">Its groups.</param>
/// <param name="Version">Its public name, lower-case hex.</param>
/// <param name="Digest">Its <see cref="VersionDigest"/>, lower-case hex; for its owner only.</param>
/// <param name="Rows">Persons in it; for its owner only.</param>
/// <param name="Key">The key of its chunks; for other enclaves of the room only.</param>
internal sealed record DataVersion(IGroupSource Source, string Version, string Digest, int Rows, byte[] Key)
{
    /// <summary>Digest of the version that the upload changed; null when the upload had all persons.</summary>
    public string? Base { get; init; }

    /// <summary>Public name of the version that the upload changed; null when the upload had all persons.</summary>
    public string? BaseVersion { get; init; }

    /// <summary>Name of the file with its chunks, where the enclave made it only to match by several identifiers; null when its public name
    /// is that of its file.</summary>
    public string? File { get; init; }

    /// <summary>Invalid cells of the owner's file, as its client announced them; for its owner only.</summary>
    public int InvalidCells { get; init; }

    /// <summary>Digest of the upload, when the enclave made the version from it; null when the upload is the version.</summary>
    public string? Upload { get; init; }
}
