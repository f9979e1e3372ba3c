using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>Counts the starts of services, and keeps the hashes of the tokens that admit further ones.</summary>
internal static class StartTable
{
    /// <summary>The kind of these rows.</summary>
    public const string Kind = "start";

    private const int TokenSize = 32;

    // Each is some bytes of a row that is written with every start.
    private const int MaxTokens = 64;

    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(24);

    /// <summary>Makes a token that admits one start.</summary>
    public static Outcome<StartToken> IssueToken(VaultTransaction transaction, string session, string service, DateTimeOffset now)
    {
        var starts = Find(transaction, session, service);
        List<StoredToken> tokens = [.. starts.Tokens.Where(token => now < token.Until)];
        if (tokens.Count >= MaxTokens)
        {
            return CasReasons.Busy.Because(
                $"'{session}/{service}' has {MaxTokens} tokens that nobody has used; they end after {TokenLife.TotalHours} hours");
        }
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSize));
        tokens.Add(new StoredToken(HashOf(token), now + TokenLife));
        Put(transaction, session, service, starts with { Tokens = tokens });
        return new StartToken(session, service, token, now + TokenLife);
    }

    /// <summary>Lists the rules that one more start breaks.</summary>
    public static IEnumerable<string> FindFaults(
        VaultTransaction transaction, string session, SessionService service, string? token, DateTimeOffset now)
    {
        if (service is { MaxActivations: null, StartTokenIssuers: null })
        {
            yield break;
        }
        var starts = Find(transaction, session, service.Name);
        if (service.MaxActivations is { } most && starts.Count >= most)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"activations: found {starts.Count}; accepted {most} at most");
        }
        if (service.StartTokenIssuers is { } issuers && FindToken(starts, token, now) is null)
        {
            yield return $"start token: found {(token is null ? "none" : "one that is unknown, used or too old")}; "
                + $"accepted a new one of {issuers} (guardian session token {session}/{service.Name})";
        }
    }

    /// <summary>Counts a start, and uses up its token.</summary>
    public static void Count(VaultTransaction transaction, string session, SessionService service, string? token, DateTimeOffset now)
    {
        if (service is { MaxActivations: null, StartTokenIssuers: null })
        {
            return;
        }
        var starts = Find(transaction, session, service.Name);
        var used = FindToken(starts, token, now);
        Put(transaction, session, service.Name, new StoredStarts(
            starts.Count + 1, [.. starts.Tokens.Where(each => each != used && now < each.Until)]));
    }

    private static StoredToken? FindToken(StoredStarts starts, string? token, DateTimeOffset now) => token is null
        ? null
        : starts.Tokens.FirstOrDefault(each =>
            now < each.Until && CryptographicOperations.FixedTimeEquals(each.Hash, HashOf(token)));

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static StoredStarts Find(VaultTransaction transaction, string session, string service) =>
        transaction.Find(Kind, $"{session}\n{service}", row => JsonSerializer.Deserialize(row, StartJson.Default.StoredStarts)!)
        ?? new StoredStarts(0, []);

    private static void Put(VaultTransaction transaction, string session, string service, StoredStarts starts) => transaction.Put(
        Kind, $"{session}\n{service}", JsonSerializer.SerializeToUtf8Bytes(starts, StartJson.Default.StoredStarts), starts);
}

/// <summary>The starts of a service as the store keeps them.</summary>
/// <param name="Count">How often enclaves were admitted while the session counted.</param>
/// <param name="Tokens">The tokens that nobody has used.</param>
internal sealed record StoredStarts(long Count, IReadOnlyList<StoredToken> Tokens);

/// <summary>A token that admits one start.</summary>
/// <param name="Hash">SHA-256 of its text.</param>
/// <param name="Until">The end of its life.</param>
internal sealed record StoredToken(byte[] Hash, DateTimeOffset Until);

/// <summary>JSON of these rows.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StoredStarts))]
internal sealed partial class StartJson : JsonSerializerContext;
