using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>The symbols that name a CAS, the user's key and the policy, and the connection that they describe.</summary>
internal sealed class CasOptions
{
    private const string Meaning = "The CAS: https://host:port, or a name of 'guardian cas trust'.";
    private const string Default = $"Default: {UserDefaults.Cas}, else the name '{UserDefaults.DefaultName}'.";

    private readonly PolicyOptions policy = new(InstalledProgram.Cas);

    // The role that the CAS must have; null is a CAS that serves.
    private readonly ExpectedEvidence? expected;

    private CasOptions(Argument<CasTarget?>? argument, Option<CasTarget?>? option, Option<string>? key, ExpectedEvidence? expected)
    {
        (AddressArgument, AddressOption, Key) = (argument, option, key);
        this.expected = expected;
    }

    private Argument<CasTarget?>? AddressArgument { get; }

    private Option<CasTarget?>? AddressOption { get; }

    /// <summary>The user's key; null for commands that need none.</summary>
    public Option<string>? Key { get; }

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [.. new Symbol?[] { AddressArgument, AddressOption, Key }.OfType<Symbol>(), .. policy.All];

    /// <summary>Takes the address as an argument, for commands about the CAS itself.</summary>
    /// <param name="keyDescription">What the key is for; null for commands that need none.</param>
    /// <param name="expected">The role that the CAS must have; null is a CAS that serves.</param>
    /// <param name="mayDefault">Whether the user's default CAS is meant without the argument; not if other arguments follow.</param>
    public static CasOptions WithArgument(
        string? keyDescription = null, ExpectedEvidence? expected = null, bool mayDefault = true) =>
        new(CreateAddressArgument(mayDefault), null, keyDescription is null ? null : CreateKey(keyDescription), expected);

    /// <summary>Takes the address as an option, for commands about something that a CAS keeps.</summary>
    /// <param name="keyDescription">What the key is for; null for commands that need none.</param>
    /// <param name="isRequired">Whether the command always needs a CAS.</param>
    public static CasOptions WithOption(
        string? keyDescription = "Your key, by which the CAS knows you.", bool isRequired = true) =>
        new(null, CreateAddressOption(isRequired), keyDescription is null ? null : CreateKey(keyDescription, isRequired), null);

    /// <summary>The CAS as an argument.</summary>
    /// <param name="mayDefault">Whether the user's default CAS is meant without it.</param>
    public static Argument<CasTarget?> CreateAddressArgument(bool mayDefault = true) => new("ADDRESS")
    {
        Description = mayDefault ? $"{Meaning} {Default}" : Meaning,
        CustomParser = CasTarget.Parse,
        Arity = mayDefault && UserDefaults.HasCas ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };

    /// <summary>The CAS as an option.</summary>
    /// <param name="isRequired">Whether the command always needs a CAS.</param>
    public static Option<CasTarget?> CreateAddressOption(bool isRequired = true) =>
        new("--cas")
        {
            Description = $"{Meaning} {Default}",
            Required = isRequired && !UserDefaults.HasCas,
            CustomParser = CasTarget.Parse,
            HelpName = "ADDRESS",
        };

    /// <summary>The user's key.</summary>
    /// <param name="isRequired">Whether the command always needs a key.</param>
    public static Option<string> CreateKey(string description, bool isRequired = true)
    {
        var chosen = UserDefaults.Find(UserDefaults.Key);
        var key = new Option<string>("--key")
        {
            Description = $"{description} A file, or a pkcs11: URI. Default: {UserDefaults.Key}.",
            Required = isRequired && chosen is null,
            HelpName = "KEY",
        };
        if (chosen is not null)
        {
            key.DefaultValueFactory = _ => chosen;
        }
        return key;
    }

    /// <summary>The CAS of a command that takes it as an option.</summary>
    /// <exception cref="RefusedException">None is given, and none is chosen.</exception>
    public static CasTarget ReadTarget(ParseResult arguments, Option<CasTarget?> option) =>
        arguments.GetValue(option) ?? UserDefaults.FindCas() ?? throw CliReasons.Usage.Refuse("--cas is missing");

    /// <summary>The CAS of a command that takes it as an argument.</summary>
    /// <exception cref="RefusedException">None is given, and none is chosen.</exception>
    public static CasTarget ReadTarget(ParseResult arguments, Argument<CasTarget?> argument) =>
        arguments.GetValue(argument) ?? UserDefaults.FindCas() ?? throw CliReasons.Usage.Refuse("ADDRESS is missing");

    /// <summary>Connects without a key.</summary>
    /// <param name="role">The role that the CAS must have; null is the usual one of the command.</param>
    public CasClient ConnectAnonymously(
        ParseResult arguments, Action<RaTlsPeer, Appraisal>? onVerified = null, ExpectedEvidence? role = null) =>
        Connect(arguments, null, onVerified, role);

    /// <summary>Connects with the user's key, and works.</summary>
    public Task<T> UseAsync<T>(
        ParseResult arguments, Func<CasClient, Task<T>> work, Action<RaTlsPeer, Appraisal>? onVerified = null) => UseAsync(
        arguments, KeyFile.Load(arguments.GetValue(Key!) ?? throw CliReasons.Usage.Refuse("--key is missing")), work, onVerified);

    /// <summary>Connects with a key that nobody knows, and works: for calls that other people's signatures allow.</summary>
    public Task<T> UseAsCourierAsync<T>(ParseResult arguments, Func<CasClient, Task<T>> work) =>
        UseAsync(arguments, IdentityKey.Create(), work, onVerified: null);

    /// <summary>Whether the user named a CAS, or has a default.</summary>
    public bool IsNamed(ParseResult arguments) =>
        UserDefaults.HasCas || (AddressOption is { } option && arguments.GetValue(option) is not null)
        || (AddressArgument is { } argument && arguments.GetValue(argument) is not null);

    /// <summary>The CAS that the user named.</summary>
    public CasTarget ReadTarget(ParseResult arguments) =>
        AddressArgument is null ? ReadTarget(arguments, AddressOption!) : ReadTarget(arguments, AddressArgument);

    /// <summary>The policy that the CAS must satisfy.</summary>
    public AttestationPolicy ReadPolicy(ParseResult arguments) => policy.Read(arguments, ReadTarget(arguments).Trusted);

    private async Task<T> UseAsync<T>(
        ParseResult arguments, IdentityKey identity, Func<CasClient, Task<T>> work, Action<RaTlsPeer, Appraisal>? onVerified)
    {
        using var key = identity;
        using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = Connect(arguments, certificate, onVerified);
        return await work(client).ConfigureAwait(false);
    }

    private CasClient Connect(
        ParseResult arguments, X509Certificate2? certificate, Action<RaTlsPeer, Appraisal>? onVerified = null,
        ExpectedEvidence? role = null)
    {
        var target = ReadTarget(arguments);
        return new CasClient(
            target.Address, ReadPolicy(arguments), certificate, TimeProvider.System, CliVerifier.Default, onVerified,
            target.Trusted?.Pins, role ?? expected);
    }
}
