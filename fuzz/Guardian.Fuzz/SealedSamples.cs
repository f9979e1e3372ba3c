using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Fuzz;

/// <summary>The vector of docs/spec/sealed-values.md.</summary>
internal static class SealedSamples
{
    private static readonly string Identity = new('1', 64);
    private static readonly SealedPlace Place = new(new string('2', 64), "shop", "db", SecretKind.Ascii);

    // RFC 9180, A.3.1.
    private static readonly byte[] Key = Convert.FromHexString("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2");

    /// <summary>The sealed value, base64.</summary>
    public static byte[] Text => Encoding.ASCII.GetBytes(
        File.ReadLines(Targets.FileOf("docs/spec/sealed-values.md")).First(line => line.StartsWith("AaJ3", StringComparison.Ordinal)));

    /// <summary>A session with a sealed value and one that people set.</summary>
    public static byte[] Session => Encoding.UTF8.GetBytes(
        $"name: shop\nsecrets:\n  - {{name: db, kind: ascii, sealed: {Encoding.ASCII.GetString(Text)}}}\n"
        + "  - {name: key, kind: text, set: [CREATOR], read: [CREATOR], rotation: {grace: 1h}}\n");

    /// <summary>Opens a value as a CAS does.</summary>
    public static bool Opens(byte[] text)
    {
        using var key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Key });
        return SealedValue.TryRead(Encoding.UTF8.GetString(text))?.TryOpen(key, Identity, Place) is not null;
    }
}
