using System.Text.Json.Serialization;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>How an enclave came by the store's key.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeyOrigin>))]
internal enum KeyOrigin
{
    /// <summary>This code drew it for a new store.</summary>
    [JsonStringEnumMemberName("made")]
    Made,

    /// <summary>The same code gave it.</summary>
    [JsonStringEnumMemberName("joined")]
    Joined,

    /// <summary>Other code gave it, and the owners had approved this code there.</summary>
    [JsonStringEnumMemberName("upgraded")]
    Upgraded,

    /// <summary>The owners' shares opened the store, and this code drew a new key for it.</summary>
    [JsonStringEnumMemberName("recovered")]
    Recovered,
}

/// <summary>The store's key as an enclave holds it, with everything that it knows about the key's CAS.</summary>
/// <param name="Key">The key.</param>
/// <param name="Origin">How this enclave came by it.</param>
/// <param name="Line">The line of the log that notes this; 0 until it is written.</param>
/// <param name="Log">The identity of the CAS; null when the key was drawn for a store that does not exist yet.</param>
/// <param name="Known">The log as this enclave has verified it; null when it has not.</param>
internal sealed record HeldKey(StoreKey Key, KeyOrigin Origin, long Line = 0, string? Log = null, AuditState? Known = null)
{
    /// <summary>Draws a key for a new store.</summary>
    public static HeldKey Create() => new(StoreKey.Create(), KeyOrigin.Made);

    /// <summary>The word for the origin, as the log has it.</summary>
    public string OriginName => Origin switch
    {
        KeyOrigin.Made => "made",
        KeyOrigin.Joined => "joined",
        KeyOrigin.Upgraded => "upgraded",
        _ => "recovered",
    };
}
