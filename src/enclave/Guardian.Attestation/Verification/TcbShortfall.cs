using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Verification;

/// <summary>Names the components that are behind, and the steps that bring them forward.</summary>
/// <param name="platform">The platform's versions, as its PCK certificate has them.</param>
/// <param name="teeTcbSvn">TEE_TCB_SVN of a trust domain, 16 bytes; null for an enclave.</param>
internal sealed class TcbShortfall(PckExtension platform, ReadOnlyMemory<byte>? teeTcbSvn)
{
    private readonly List<string> lines = [];
    private readonly List<string> remedies = [];

    /// <summary>One line for each component: the version, and the version that is needed.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>The steps, each once.</summary>
    public IReadOnlyList<string> Remedies => remedies;

    /// <summary>Compares processor, microcode and PCE with a level.</summary>
    /// <param name="level">The level.</param>
    /// <param name="name">The level, for people.</param>
    /// <param name="firstTdx">The first TDX component of the level; those before it are the module's.</param>
    public TcbShortfall ComparePlatform(PlatformLevel level, string name, int firstTdx)
    {
        for (var i = 0; i < PckExtension.ComponentCount; i++)
        {
            Compare($"SGX TCB component {i + 1}{NameOf(level.SgxNames, i)}", platform.Components[i], level.SgxComponents.Span[i], name);
        }
        Compare("PCESVN", platform.PceSvn, level.PceSvn, name);
        if (teeTcbSvn is { } svn && level.TdxComponents is { } needed)
        {
            for (var i = firstTdx; i < PckExtension.ComponentCount; i++)
            {
                Compare($"TDX TCB component {i + 1}{NameOf(level.TdxNames, i)}", svn.Span[i], needed.Span[i], name);
            }
        }
        return this;
    }

    /// <summary>Adds the steps that a platform's status asks for.</summary>
    public void AddRemedies(TcbStatus status)
    {
        if (status is TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded or TcbStatus.Revoked)
        {
            remedies.Add("update the host's BIOS and microcode, and the PCE, then fetch its new PCK certificate");
        }
        if (status is TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded
            or TcbStatus.OutOfDateConfigurationNeeded)
        {
            remedies.Add("change the BIOS settings that the advisories name");
        }
        if (status is TcbStatus.SWHardeningNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded)
        {
            remedies.Add("build the enclave with the mitigations of the advisories, and name them under 'ignored_advisories'");
        }
    }

    /// <summary>Compares the quoting enclave with its newest level.</summary>
    public void CompareQuotingEnclave(int isvSvn, IReadOnlyList<IsvSvnLevel> levels, TcbLevel reached)
    {
        if (reached.Status != TcbStatus.UpToDate)
        {
            Compare("quoting enclave's ISVSVN", isvSvn, levels[0].IsvSvn, levels[0].Level.Status.ToString());
            remedies.Add(QuotingEnclaveRemedy(teeTcbSvn is null ? TeeType.Sgx : TeeType.Tdx));
        }
    }

    /// <summary>The step that brings the quoting enclave of a kind of TEE forward.</summary>
    public static string QuotingEnclaveRemedy(TeeType tee) => tee == TeeType.Sgx
        ? "update the host's quoting enclave (libsgx-ae-qe3)"
        : "update the host's quoting enclave for trust domains (libsgx-ae-tdqe)";

    /// <summary>Compares the TDX module with the newest level of its version.</summary>
    public void CompareModule(int version, int svn, IReadOnlyList<IsvSvnLevel> levels, TcbLevel reached)
    {
        if (reached.Status != TcbStatus.UpToDate)
        {
            Compare($"security version of TDX module {version}", svn, levels[0].IsvSvn, levels[0].Level.Status.ToString());
            remedies.Add("update the host's TDX module, then relaunch the trust domain");
        }
    }

    /// <summary>Adds the step for a trust domain that was launched before its host was updated.</summary>
    public void AddRelaunch()
    {
        lines.Add("the trust domain was launched before its host was updated");
        remedies.Clear();
        remedies.Add("relaunch the trust domain: the host is up to date");
    }

    private static string NameOf(IReadOnlyList<string> names, int index) =>
        index < names.Count && names[index].Length > 0 ? $" ({names[index]})" : "";

    private void Compare(string component, int found, int needed, string level)
    {
        if (found < needed)
        {
            lines.Add($"{component} is {found}, {level} needs {needed}");
        }
    }
}
