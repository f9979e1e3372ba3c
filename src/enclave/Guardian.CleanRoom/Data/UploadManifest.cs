using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Data;

/// <summary>The stored facts about an upload, and about the version that it became.</summary>
internal sealed record UploadManifest(string DataSet, string Digest, int Rows)
{
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
