using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// Bounds the slow keys of a session. An RSA key of 3072 bits costs as much as thousands of P-256 keys to draw, an RSA signature some
/// milliseconds at every start, and so does the check of a given RSA or P-384 key whenever the session is read. Not thread-safe.
/// </summary>
internal sealed class SlowKeys
{
    /// <summary>The RSA keys of a session, its tokens that they sign, and its given keys that are slow to check, each at most.</summary>
    public const int Max = 16;

    private int given;

    /// <summary>Counts a given key, and says whether it is checked. The session is refused for more than that.</summary>
    public bool MayCheckOneMore() => ++given <= Max;

    /// <summary>Reports everything that is beyond the bound.</summary>
    public void Check(IReadOnlyList<(YamlMap Map, SessionSecret Secret)> secrets)
    {
        var keys = secrets.Where(each => each.Secret.HasRsaKey).ToList();
        Report(keys, "RSA keys; use P-256 or Ed25519 keys for the others");
        var names = keys.Select(each => each.Secret.Name).ToHashSet();
        Report(
            [.. secrets.Where(each => each.Secret.Kind == SecretKind.Jwt && names.Contains(each.Secret.PrivateKey ?? ""))],
            "tokens with signatures by RSA keys; sign the others by P-256 or Ed25519 keys");
        if (given > Max && keys.Count <= Max)
        {
            Report(
                [.. secrets.Where(each => each.Secret is { Kind: SecretKind.PrivateKey, Value: { } value } && PemKey.IsSlow(value.Span))],
                "given RSA and P-384 keys; let the CAS draw the others");
        }
    }

    private static void Report(List<(YamlMap Map, SessionSecret Secret)> found, string what)
    {
        if (found.Count > Max)
        {
            found[Max].Map.Report($"a session has at most {Max} {what}");
        }
    }
}
