using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>A CAS that the user trusts by a name: <c>guardian cas trust</c> wrote it down.</summary>
/// <param name="Address">Its address, <c>https://host:port</c>.</param>
/// <param name="Identity">SHA-256 of the first line of its log.</param>
/// <param name="Owners">The hash of its owners.</param>
/// <param name="MrEnclaves">The accepted code.</param>
/// <param name="Platforms">The accepted platforms: <c>hardware</c>, <c>simulated</c>.</param>
internal sealed record TrustedCas(
    string Address, string Identity, string Owners, IReadOnlyList<string> MrEnclaves, IReadOnlyList<string> Platforms)
{
    private const int MaxNameLength = 64;

    /// <summary>The pins that every request carries.</summary>
    [JsonIgnore]
    public CasPins Pins => new(Identity, Owners);

    /// <summary>Whether a word is a name, and not an address, which has a port.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxNameLength && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    /// <summary>The file of a name.</summary>
    public static string PathOf(string name) => Path.Combine(UserFolders.Configuration, "cas", $"{name}.json");

    /// <summary>Reads what is written under a name; null when nothing is.</summary>
    /// <exception cref="RefusedException">The file has another content.</exception>
    public static TrustedCas? Find(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            if (JsonSerializer.Deserialize(InputFile.ReadBytes(path), TrustedCasJson.Default.TrustedCas) is { } read
                && Uri.TryCreate(read.Address, UriKind.Absolute, out _) && CasPins.IsPin(read.Identity) && CasPins.IsPin(read.Owners))
            {
                return read;
            }
        }
        catch (JsonException)
        {
            // The refusal below covers every kind of malformed file.
        }
        throw CliReasons.BadTrust.Refuse($"{path} names no CAS");
    }

    /// <summary>Writes it down under a name.</summary>
    public void Save(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllBytes(PathOf(name), JsonSerializer.SerializeToUtf8Bytes(this, TrustedCasJson.Default.TrustedCas));
    }
}

/// <summary>A CAS as the user names it: an address, or a name that stands for everything that the user trusts.</summary>
/// <param name="Address">The address.</param>
/// <param name="Trusted">The facts behind the name; null when the user gave an address.</param>
internal sealed record CasTarget(Uri Address, TrustedCas? Trusted)
{
    /// <summary>The options by which Guardian's programs take the pins.</summary>
    public IReadOnlyList<string> PinOptions =>
        Trusted is null ? [] : ["--cas-identity", Trusted.Identity, "--cas-owners", Trusted.Owners];

    /// <summary>Finds the CAS of a word; null when the word is a name that stands for none.</summary>
    /// <exception cref="RefusedException">The file of the name has another content.</exception>
    public static CasTarget? Find(string text) =>
        TrustedCas.Find(text) is { } trusted ? new CasTarget(new Uri(trusted.Address), trusted) : null;

    /// <summary>Reads a name or an address. Anything else is a usage error.</summary>
    public static CasTarget? Parse(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }
        var (target, problem) = Read(result.Tokens[0].Value);
        if (target is null)
        {
            result.AddError(problem!);
        }
        return target;
    }

    /// <summary>Reads a name or an address.</summary>
    /// <returns>The CAS; or null, and what is wrong with the word.</returns>
    /// <exception cref="RefusedException">The file of the name has another content.</exception>
    public static (CasTarget? Target, string? Problem) Read(string text)
    {
        if (!TrustedCas.IsName(text))
        {
            return Addresses.TryRead(text) is { } address
                ? (new CasTarget(address, null), null)
                : (null, Addresses.Explain(text));
        }
        return Find(text) is { } found
            ? (found, null)
            : (null, $"no CAS is trusted as '{text}': guardian cas trust {text} ADDRESS; an address has a port");
    }
}

/// <summary>Source-generated JSON of the file.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TrustedCas))]
internal sealed partial class TrustedCasJson : JsonSerializerContext;
