using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;

namespace Guardian.Cli.Options;

/// <summary>The symbols that name a CAS, the user's key and the policy, and the connection that they describe.</summary>
internal sealed class CasOptions
{
    private readonly PolicyOptions policy = new(InstalledProgram.Cas);

    // The role that the CAS must have; null is a CAS that serves.
    private readonly ExpectedEvidence? expected;

    private CasOptions(Argument<CasTarget>? argument, Option<CasTarget>? option, Option<string>? key, ExpectedEvidence? expected)
    {
        (AddressArgument, AddressOption, Key) = (argument, option, key);
        this.expected = expected;
    }

    private Argument<CasTarget>? AddressArgument { get; }

    private Option<CasTarget>? AddressOption { get; }

    /// <summary>The user's key; null for commands that need none.</summary>
    public Option<string>? Key { get; }

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [.. new Symbol?[] { AddressArgument, AddressOption, Key }.OfType<Symbol>(), .. policy.All];

    /// <summary>Takes the address as an argument, for commands about the CAS itself.</summary>
    /// <param name="keyDescription">What the key is for; null for commands that need none.</param>
    /// <param name="expected">The role that the CAS must have; null is a CAS that serves.</param>
    public static CasOptions WithArgument(string? keyDescription = null, ExpectedEvidence? expected = null) =>
        new(CreateAddressArgument(), null, keyDescription is null ? null : CreateKey(keyDescription), expected);

    /// <summary>Takes the address as an option, for commands about something that a CAS keeps.</summary>
    /// <param name="keyDescription">What the key is for; null for commands that need none.</param>
    public static CasOptions WithOption(string? keyDescription = "Your key, by which the CAS knows you.") =>
        new(null, CreateAddressOption(), keyDescription is null ? null : CreateKey(keyDescription), null);

    /// <summary>The CAS as an argument.</summary>
    public static Argument<CasTarget> CreateAddressArgument() => new("ADDRESS")
    {
        Description = "The CAS: https://host:port, or a name of 'guardian cas trust'.",
        CustomParser = CasTarget.Parse,
    };

    /// <summary>The CAS as an option.</summary>
    public static Option<CasTarget> CreateAddressOption() =>
        new("--cas")
        {
            Description = "The CAS: https://host:port, or a name of 'guardian cas trust'.",
            Required = true,
            CustomParser = CasTarget.Parse,
            HelpName = "ADDRESS",
        };

    /// <summary>The user's key.</summary>
    public static Option<string> CreateKey(string description) => new("--key")
    {
        Description = $"{description} A file, or a pkcs11: URI.",
        Required = true,
        HelpName = "KEY",
    };

    /// <summary>Connects without a key.</summary>
    /// <param name="role">The role that the CAS must have; null is the usual one of the command.</param>
    public CasClient ConnectAnonymously(
        ParseResult arguments, Action<RaTlsPeer, Appraisal>? onVerified = null, ExpectedEvidence? role = null) =>
        Connect(arguments, null, onVerified, role);

    /// <summary>Connects with the user's key, and works.</summary>
    public async Task<T> UseAsync<T>(ParseResult arguments, Func<CasClient, Task<T>> work)
    {
        using var key = KeyFile.Load(arguments.GetRequiredValue(Key!));
        using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = Connect(arguments, certificate);
        return await work(client).ConfigureAwait(false);
    }

    /// <summary>The CAS that the user named.</summary>
    public CasTarget ReadTarget(ParseResult arguments) =>
        AddressArgument is null ? arguments.GetRequiredValue(AddressOption!) : arguments.GetRequiredValue(AddressArgument);

    /// <summary>The policy that the CAS must satisfy.</summary>
    public AttestationPolicy ReadPolicy(ParseResult arguments) => policy.Read(arguments, ReadTarget(arguments).Trusted);

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
