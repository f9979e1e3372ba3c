using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Data;

/// <summary>The stored facts about an upload, and about the version that it became.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Version">
/// The public name: 32 random bytes, lower-case hex. A digest would let others test guesses about rows, and equal content would show.
/// </param>
/// <param name="Digest">Digest of the content, lower-case hex. Only the owner and the enclave know it.</param>
/// <param name="Rows">Persons in it. Only the owner and the enclave know the number.</param>
internal sealed record UploadManifest(string DataSet, string Version, string Digest, int Rows)
{
    /// <summary>Draws a public name.</summary>
    public static string DrawVersion() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    /// <summary>The content of the chunks; a version's are sorted.</summary>
    public UploadForm Form { get; init; }

    /// <summary>Digest of the version that changes are for; null otherwise.</summary>
    public string? Base { get; init; }

    /// <summary>For a version that the enclave made: digest of the upload; null otherwise.</summary>
    public string? Upload { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(UploadManifest))]
internal sealed partial class UploadJson : JsonSerializerContext;
