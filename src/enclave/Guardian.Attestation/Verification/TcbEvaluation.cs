using System.Globalization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Verification;

/// <summary>Finds the levels that a platform, its quoting enclave and its TDX module reach, and what follows (as Intel's quote verification
/// library does).</summary>
/// <remarks>
/// Levels are taken in the order of the document, as the PCS API says. Intel's library sorts them again, highest first; Intel's documents
/// are in that
/// order, so there is no difference for them.
/// </remarks>
internal sealed class TcbEvaluation(TcbInfo tcbInfo, EnclaveIdentity qeIdentity, PckExtension pck, Quote quote)
{
    private const int TdxModuleSvn = 0;
    private const int TdxModuleVersion = 1;

    /// <summary>The statuses; null with the failure when there is none, or when it is Revoked.</summary>
    public TcbReport? Evaluate(IReadOnlyList<Validity> validities, out QuoteFailure? failure)
    {
        if (FindMismatch() is { } mismatch)
        {
            failure = mismatch;
            return null;
        }
        var qe = qeIdentity.Levels.FirstOrDefault(level => level.IsvSvn <= quote.QeReport.IsvSvn)?.Level;
        if (qe is null)
        {
            failure = NotSupported($"the quoting enclave's ISVSVN {quote.QeReport.IsvSvn} is below every level of its identity");
            return null;
        }
        var launch = EvaluateComponents(quote.TdReport?.TeeTcbSvn, qe, out failure);
        if (launch is null)
        {
            return null;
        }
        // TDX 1.5 may have updated its module under a running trust domain.
        var current = quote.TdReport?.TeeTcbSvn2 is { } svn2 ? EvaluateComponents(svn2, qe, out failure)?.Status : null;
        if (failure is not null)
        {
            return null;
        }
        var status = WithRelaunch(launch.Value.Status, current);
        if (status == TcbStatus.Revoked)
        {
            failure = new QuoteFailure(QuoteStage.Tcb, "revoked", "Intel has revoked these security versions") { Status = status };
            return null;
        }
        var (platform, index, module, _) = launch.Value;
        var parts = new[] { platform.Level, qe }.Concat(module is null ? [] : [module]).ToList();
        var expiry = validities.MinBy(validity => validity.To);
        return new TcbReport
        {
            Status = status,
            AdvisoryIds = [.. parts.SelectMany(part => part.AdvisoryIds).Distinct()],
            Date = parts.Min(part => part.Date),
            NewestDate = new[] { tcbInfo.Levels[0].Level.Date, qeIdentity.Levels[0].Level.Date }.Max(),
            Platform = platform.Level,
            PlatformLevelIndex = index,
            QuotingEnclave = qe,
            TdxModule = module,
            CurrentStatus = current,
            Shortfall = index == 0 ? [] : [.. FindShortfall(tcbInfo.Levels[0])],
            EvaluationDataNumber = tcbInfo.EvaluationDataNumber,
            QeEvaluationDataNumber = qeIdentity.EvaluationDataNumber,
            EarliestExpiry = expiry.To,
            EarliestExpiryOf = expiry.Name,
        };
    }

    // That the collateral speaks about this kind of quote and this platform.
    private QuoteFailure? FindMismatch()
    {
        var expectedQe = quote.Tee == TeeType.Sgx ? "QE" : "TD_QE";
        return tcbInfo.Tee != quote.Tee ? Wrong("wrong-tcb-info", $"the TCB info is for {tcbInfo.Tee}, the quote is of {quote.Tee}")
            : qeIdentity.Id != expectedQe ? Wrong("wrong-qe-identity", $"the QE identity is of '{qeIdentity.Id}', not of '{expectedQe}'")
            : !tcbInfo.Fmspc.Span.SequenceEqual(pck.Fmspc.Span)
                ? Wrong("wrong-fmspc",
                    $"the TCB info is for FMSPC {Convert.ToHexStringLower(tcbInfo.Fmspc.Span)}, the platform is "
                    + $"{Convert.ToHexStringLower(pck.Fmspc.Span)}")
            : !tcbInfo.PceId.Span.SequenceEqual(pck.PceId.Span)
                ? Wrong("wrong-pceid",
                    $"the TCB info is for PCE-ID {Convert.ToHexStringLower(tcbInfo.PceId.Span)}, the platform has "
                    + $"{Convert.ToHexStringLower(pck.PceId.Span)}")
            : qeIdentity.Expected.FindMismatch(quote.QeReport) is { } mismatch
                ? new QuoteFailure(
                    QuoteStage.QuotingEnclave, "unknown-qe", $"the quoting enclave is not the one of Intel's identity: {mismatch}")
            : quote.TdReport is { } td ? FindModuleMismatch(td) : null;
    }

    private QuoteFailure? FindModuleMismatch(TdReport td)
    {
        // Since module version 1, each has an identity of its own.
        var version = td.TeeTcbSvn.Span[TdxModuleVersion];
        var expected = version == 0 ? tcbInfo.TdxModule : FindModule(version);
        return expected is null ? NotSupported($"the TCB info does not know TDX module version {version}")
            : !expected.MrSigner.Span.SequenceEqual(td.MrSignerSeam.Span) ? Module("MRSIGNERSEAM", td.MrSignerSeam.Span)
            : !IsEqualUnderMask(td.SeamAttributes.Span, expected.Attributes.Span, expected.AttributesMask.Span)
                ? Module("SEAMATTRIBUTES", td.SeamAttributes.Span)
            : null;

        static QuoteFailure Module(string field, ReadOnlySpan<byte> found) =>
            new(QuoteStage.QuotingEnclave, "unknown-tdx-module",
                $"the TDX module is not Intel's: {field} {Convert.ToHexStringLower(found)}");
    }

    private (PlatformLevel Platform, int Index, TcbLevel? Module, TcbStatus Status)? EvaluateComponents(
        ReadOnlyMemory<byte>? teeTcbSvn, TcbLevel qe, out QuoteFailure? failure)
    {
        failure = null;
        var index = tcbInfo.Levels.FindIndex(level => Reaches(level, teeTcbSvn));
        if (index < 0)
        {
            failure = NotSupported("the platform's security versions are below every level of the TCB info");
            return null;
        }
        TcbLevel? module = null;
        if (teeTcbSvn is { } svn && svn.Span[TdxModuleVersion] > 0)
        {
            module = FindModule(svn.Span[TdxModuleVersion])?.Levels.FirstOrDefault(level => level.IsvSvn <= svn.Span[TdxModuleSvn])?.Level;
            if (module is null)
            {
                failure = NotSupported(
                    $"the TCB info has no level for TDX module version {svn.Span[TdxModuleVersion]}, security version "
                    + $"{svn.Span[TdxModuleSvn]}");
                return null;
            }
        }
        var platform = tcbInfo.Levels[index];
        return (platform, index, module, Converge(platform.Level.Status, module is null ? [qe.Status] : [qe.Status, module.Status]));
    }

    private bool Reaches(PlatformLevel level, ReadOnlyMemory<byte>? teeTcbSvn)
    {
        for (var i = 0; i < PckExtension.ComponentCount; i++)
        {
            if (pck.Components[i] < level.SgxComponents.Span[i])
            {
                return false;
            }
        }
        if (pck.PceSvn < level.PceSvn)
        {
            return false;
        }
        if (teeTcbSvn is { } svn && level.TdxComponents is { } least)
        {
            // With a module of its own identity, the first two components are the module's.
            for (var i = svn.Span[TdxModuleVersion] > 0 ? 2 : 0; i < PckExtension.ComponentCount; i++)
            {
                if (svn.Span[i] < least.Span[i])
                {
                    return false;
                }
            }
        }
        return true;
    }

    private TdxModuleIdentity? FindModule(byte version)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"TDX_{version:X2}");
        return tcbInfo.TdxModuleIdentities.FirstOrDefault(module => string.Equals(module.Id, id, StringComparison.OrdinalIgnoreCase));
    }

    private IEnumerable<string> FindShortfall(PlatformLevel first)
    {
        for (var i = 0; i < PckExtension.ComponentCount; i++)
        {
            if (pck.Components[i] < first.SgxComponents.Span[i])
            {
                yield return $"SGX TCB component {i + 1} is {pck.Components[i]}, {first.Level.Status} needs {first.SgxComponents.Span[i]}";
            }
        }
        if (pck.PceSvn < first.PceSvn)
        {
            yield return $"PCESVN is {pck.PceSvn}, {first.Level.Status} needs {first.PceSvn}";
        }
    }

    // The platform's status, made worse by what stands on it.
    private static TcbStatus Converge(TcbStatus platform, IReadOnlyList<TcbStatus> others)
    {
        if (others.Contains(TcbStatus.Revoked) || platform == TcbStatus.Revoked)
        {
            return TcbStatus.Revoked;
        }
        return !others.Contains(TcbStatus.OutOfDate) ? platform : platform switch
        {
            TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded => TcbStatus.OutOfDate,
            TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded => TcbStatus.OutOfDateConfigurationNeeded,
            _ => platform,
        };
    }

    private static TcbStatus WithRelaunch(TcbStatus launch, TcbStatus? current)
    {
        var isBetterNow = current is TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded or TcbStatus.ConfigurationNeeded
            or TcbStatus.ConfigurationAndSWHardeningNeeded;
        return !isBetterNow || launch is not (TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded) ? launch
            : launch == TcbStatus.OutOfDateConfigurationNeeded || current is TcbStatus.ConfigurationNeeded
                or TcbStatus.ConfigurationAndSWHardeningNeeded
                ? TcbStatus.TDRelaunchAdvisedConfigurationNeeded
            : TcbStatus.TDRelaunchAdvised;
    }

    private static bool IsEqualUnderMask(ReadOnlySpan<byte> found, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> mask)
    {
        for (var i = 0; i < mask.Length; i++)
        {
            if ((found[i] & mask[i]) != expected[i])
            {
                return false;
            }
        }
        return true;
    }

    private static QuoteFailure Wrong(string reason, string detail) => new(QuoteStage.Collateral, reason, detail);

    private static QuoteFailure NotSupported(string detail) => new(QuoteStage.Tcb, "not-supported", detail);
}
