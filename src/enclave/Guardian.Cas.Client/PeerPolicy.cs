using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cas.Client;

/// <summary>Which enclaves are accepted at the other end of an attested connection: another service's admission rules, as they travel.</summary>
public sealed record PeerPolicy(
    IReadOnlyList<PeerIdentity> Identities, IReadOnlyList<string> Platforms, bool AllowDebug, IReadOnlyList<string> Statuses, IReadOnlyList<string> IgnoredAdvisories,
    int MinimumEvaluation, int GraceDays)
{
    /// <summary>A policy as it travels.</summary>
    public static PeerPolicy From(AttestationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new PeerPolicy(
            [.. policy.Identities.Select(identity => new PeerIdentity(
                [.. identity.MrEnclaves.Select(each => each.ToString())], identity.MrSigner?.ToString(), identity.IsvProdId, identity.MinimumIsvSvn,
                identity.ConfigId.IsEmpty ? null : Convert.ToHexStringLower(identity.ConfigId.Span)))],
            [.. policy.Platforms.Select(platform => platform == PlatformKind.Simulated ? "simulated" : "hardware")],
            policy.AllowDebug, [.. policy.Statuses.Select(status => status.ToString())], policy.IgnoredAdvisories, policy.MinimumEvaluation, (int)policy.Grace.TotalDays);
    }

    /// <summary>The policy to appraise by.</summary>
    /// <exception cref="FormatException">A measurement, platform or status is none.</exception>
    public AttestationPolicy ToPolicy() => new()
    {
        Identities = [.. Identities.Select(identity => identity.ToIdentity())],
        Platforms = [.. Platforms.Select(platform => platform switch
        {
            "simulated" => PlatformKind.Simulated,
            "hardware" => PlatformKind.Hardware,
            _ => throw new FormatException($"'{platform}' is no platform"),
        })],
        AllowDebug = AllowDebug,
        Statuses = [.. Statuses.Select(status => Enum.TryParse<TcbStatus>(status, out var value) ? value : throw new FormatException($"'{status}' is no TCB status"))],
        IgnoredAdvisories = IgnoredAdvisories,
        MinimumEvaluation = MinimumEvaluation,
        Grace = TimeSpan.FromDays(GraceDays),
    };
}

/// <summary>One way to be accepted; all that is set must hold. Hexadecimal.</summary>
public sealed record PeerIdentity(IReadOnlyList<string> MrEnclaves, string? MrSigner, ushort? IsvProdId, ushort? MinimumIsvSvn, string? ConfigId)
{
    internal AcceptedIdentity ToIdentity() => new()
    {
        MrEnclaves = [.. MrEnclaves.Select(hex => MrEnclave.TryParse(hex, out var value) ? value : throw new FormatException($"'{hex}' is no MRENCLAVE"))],
        MrSigner = MrSigner is null ? null : Guardian.Sgx.Measurement.MrSigner.TryParse(MrSigner, out var signer) ? signer : throw new FormatException($"'{MrSigner}' is no MRSIGNER"),
        IsvProdId = IsvProdId,
        MinimumIsvSvn = MinimumIsvSvn,
        ConfigId = ConfigId is null ? default : Convert.FromHexString(ConfigId),
    };
}
