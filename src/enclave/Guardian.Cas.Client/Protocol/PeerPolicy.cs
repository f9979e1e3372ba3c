using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cas.Client.Protocol;

/// <summary>Admission rules for the other end of an attested connection, as a startup configuration carries them.</summary>
/// <param name="Identities">The enclaves, any of which is accepted.</param>
/// <param name="Platforms"><c>hardware</c>, <c>simulated</c>, or both.</param>
/// <param name="AllowDebug">Whether debug enclaves are accepted.</param>
/// <param name="Statuses">The accepted TCB statuses, in Intel's words.</param>
/// <param name="IgnoredAdvisories">Advisories that do not count, such as <c>INTEL-SA-00615</c>.</param>
/// <param name="MinimumEvaluation">The least tcbEvaluationDataNumber of TCB info and QE identity; 0 takes any.</param>
/// <param name="GraceDays">For how many days after the TCB recovery that outdated it a platform may be OutOfDate.</param>
public sealed record PeerPolicy(
    IReadOnlyList<PeerIdentity> Identities, IReadOnlyList<string> Platforms, bool AllowDebug, IReadOnlyList<string> Statuses,
    IReadOnlyList<string> IgnoredAdvisories, int MinimumEvaluation, int GraceDays)
{
    /// <summary>Converts a policy to the form that a startup configuration carries.</summary>
    /// <param name="policy">The policy; its grace is rounded down to days.</param>
    /// <returns>The same rules as texts.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public static PeerPolicy From(AttestationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new PeerPolicy(
            [.. policy.Identities.Select(PeerIdentity.From)],
            [.. policy.Platforms.Select(platform => platform == PlatformKind.Simulated ? "simulated" : "hardware")],
            policy.AllowDebug, [.. policy.Statuses.Select(status => status.ToString())], policy.IgnoredAdvisories,
            policy.MinimumEvaluation, (int)policy.Grace.TotalDays);
    }

    /// <summary>Converts to the policy that appraises a peer.</summary>
    /// <returns>The policy.</returns>
    /// <exception cref="FormatException">A measurement, platform or status is malformed.</exception>
    public AttestationPolicy ToPolicy() => new()
    {
        Identities = [.. Identities.Select(identity => identity.ToIdentity())],
        Platforms = [.. Platforms.Select(platform => platform switch
        {
            "simulated" => PlatformKind.Simulated,
            "hardware" => PlatformKind.Hardware,
            _ => throw new FormatException($"'{platform}' is not a platform"),
        })],
        AllowDebug = AllowDebug,
        Statuses = [.. Statuses.Select(status => Enum.TryParse<TcbStatus>(status, out var value)
            ? value
            : throw new FormatException($"'{status}' is not a TCB status"))],
        IgnoredAdvisories = IgnoredAdvisories,
        MinimumEvaluation = MinimumEvaluation,
        Grace = TimeSpan.FromDays(GraceDays),
    };
}

/// <summary>One accepted enclave identity; everything that is set must hold.</summary>
/// <param name="MrEnclaves">MRENCLAVE values, 64 hex digits each; empty takes any.</param>
/// <param name="MrSigner">MRSIGNER, 64 hex digits; null takes any.</param>
/// <param name="IsvProdId">The product's number; null takes any.</param>
/// <param name="MinimumIsvSvn">The least security version; null takes any.</param>
/// <param name="ConfigId">CONFIGID, 128 hex digits; null takes any.</param>
public sealed record PeerIdentity(
    IReadOnlyList<string> MrEnclaves, string? MrSigner, ushort? IsvProdId, ushort? MinimumIsvSvn, string? ConfigId)
{
    internal static PeerIdentity From(AcceptedIdentity identity) => new(
        [.. identity.MrEnclaves.Select(each => each.ToString())], identity.MrSigner?.ToString(), identity.IsvProdId,
        identity.MinimumIsvSvn, identity.ConfigId.IsEmpty ? null : Convert.ToHexStringLower(identity.ConfigId.Span));
    internal AcceptedIdentity ToIdentity() => new()
    {
        MrEnclaves = [.. MrEnclaves.Select(hex => MrEnclave.TryParse(hex, out var value)
            ? value
            : throw new FormatException($"'{hex}' is not an MRENCLAVE"))],
        MrSigner = MrSigner is null ? null
            : Guardian.Sgx.Measurement.MrSigner.TryParse(MrSigner, out var signer) ? signer
            : throw new FormatException($"'{MrSigner}' is not an MRSIGNER"),
        IsvProdId = IsvProdId,
        MinimumIsvSvn = MinimumIsvSvn,
        ConfigId = ConfigId is null ? default : Convert.FromHexString(ConfigId),
    };
}
