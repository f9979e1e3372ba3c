using System.Globalization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>
/// Finds the levels that a platform, its quoting enclave and its TDX module reach, and their combined status (as Intel's quote verification
/// library does).
/// </summary>
/// <remarks>
/// Levels are taken in the order of the document, as the PCS API says. Intel's library sorts them again, highest first. Intel's documents
/// have that order, so the result is the same.
/// </remarks>
internal sealed class TcbEvaluation(TcbInfo tcbInfo, EnclaveIdentity qeIdentity, PckExtension pck, Quote quote)
{
    private const int TdxModuleSvn = 0;
    private const int TdxModuleVersion = 1;

    /// <summary>Evaluates the statuses.</summary>
    /// <param name="validities">The validity periods of everything that the result rests on.</param>
    /// <returns>The statuses, or a refusal when a component has no level or the combined status is Revoked.</returns>
    public Outcome<TcbReport> Evaluate(IReadOnlyList<Validity> validities)
    {
        if (FindMismatch() is { } mismatch)
        {
            return mismatch;
        }
        var qeLevels = LevelsOf(qeIdentity.Levels);
        var qe = qeIdentity.Levels.FirstOrDefault(level => level.IsvSvn <= quote.QeReport.IsvSvn)?.Level;
        if (qe is null)
        {
            return NotSupported(
                $"the quoting enclave's ISVSVN {quote.QeReport.IsvSvn} is below every level of its identity",
                TcbShortfall.QuotingEnclaveRemedy(quote.Tee));
        }
        var (launch, refusal) = EvaluateComponents(quote.TdReport?.TeeTcbSvn, qe);
        if (launch is null)
        {
            return refusal!;
        }
        // TDX 1.5 can update its module under a running trust domain.
        (var current, refusal) = quote.TdReport?.TeeTcbSvn2 is { } svn2 ? EvaluateComponents(svn2, qe) : default;
        if (refusal is not null)
        {
            return refusal;
        }
        var status = WithRelaunch(launch.Status, current?.Status);
        var shortfall = FindShortfall(launch, qe, status);
        if (status == TcbStatus.Revoked)
        {
            return QuoteReasons.Revoked.At(
                QuoteStage.Tcb, Join("Intel has revoked these security versions", shortfall.Lines)) with
            {
                Remedy = string.Join("; ", shortfall.Remedies),
            };
        }
        List<Component> parts = [new(launch.Platform, [.. tcbInfo.Levels.Select(level => level.Level)]), new(qe, qeLevels)];
        if (launch.Module is { } module)
        {
            parts.Add(new Component(module, LevelsOf(FindModule(quote.TdReport!.TeeTcbSvn.Span[TdxModuleVersion])!.Levels)));
        }
        var outdated = parts.Where(part => part.IsOutOfDate).ToList();
        var updated = parts.ConvertAll(part => part.Updated);
        var expiry = validities.MinBy(validity => validity.To);
        return new TcbReport
        {
            Status = status,
            AdvisoryIds = AdvisoriesOf(parts.Select(part => part.Level)),
            Date = parts.Min(part => part.Level.Date),
            OutOfDateSince = outdated.Exists(part => part.OutOfDateSince is null) ? null : outdated.Min(part => part.OutOfDateSince),
            StatusWhenUpdated = Converge(updated[0].Status, [.. updated.Skip(1).Select(level => level.Status)]),
            AdvisoryIdsWhenUpdated = AdvisoriesOf(updated),
            Platform = launch.Platform,
            PlatformLevelIndex = launch.Index,
            QuotingEnclave = qe,
            TdxModule = launch.Module,
            CurrentStatus = current?.Status,
            Shortfall = shortfall.Lines,
            Remedies = shortfall.Remedies,
            EvaluationDataNumber = tcbInfo.EvaluationDataNumber,
            QeEvaluationDataNumber = qeIdentity.EvaluationDataNumber,
            EarliestExpiry = expiry.To,
            EarliestExpiryOf = expiry.Name,
        };
    }

    // Checks that the collateral speaks about this kind of quote and this platform.
    private Refusal? FindMismatch()
    {
        var expectedQe = quote.Tee == TeeType.Sgx ? "QE" : "TD_QE";
        if (tcbInfo.Tee != quote.Tee)
        {
            return QuoteReasons.WrongTcbInfo.At(QuoteStage.Collateral, $"the TCB info is for {tcbInfo.Tee}, the quote is of {quote.Tee}");
        }
        if (qeIdentity.Id != expectedQe)
        {
            return QuoteReasons.WrongQeIdentity.At(
                QuoteStage.Collateral, $"the QE identity is of '{qeIdentity.Id}', not of '{expectedQe}'");
        }
        if (!tcbInfo.Fmspc.Span.SequenceEqual(pck.Fmspc.Span))
        {
            return QuoteReasons.WrongFmspc.At(
                QuoteStage.Collateral, $"the TCB info is for FMSPC {Hex(tcbInfo.Fmspc)}, the platform is {Hex(pck.Fmspc)}");
        }
        if (!tcbInfo.PceId.Span.SequenceEqual(pck.PceId.Span))
        {
            return QuoteReasons.WrongPceId.At(
                QuoteStage.Collateral, $"the TCB info is for PCE-ID {Hex(tcbInfo.PceId)}, the platform has {Hex(pck.PceId)}");
        }
        if (qeIdentity.Expected.FindMismatch(quote.QeReport) is { } mismatch)
        {
            return QuoteReasons.UnknownQe.At(
                QuoteStage.QuotingEnclave, $"the quoting enclave is not the one of Intel's identity: {mismatch}");
        }
        return quote.TdReport is { } td ? FindModuleMismatch(td) : null;
    }

    private Refusal? FindModuleMismatch(TdReport td)
    {
        // Since version 1, each version of the module has its own identity.
        var version = td.TeeTcbSvn.Span[TdxModuleVersion];
        var expected = version == 0 ? tcbInfo.TdxModule : FindModule(version);
        if (expected is null)
        {
            return NotSupported(
                $"the TCB info does not know TDX module version {version}", "fetch newer collateral: guardian quote collateral fetch");
        }
        var mismatch = !expected.MrSigner.Span.SequenceEqual(td.MrSignerSeam.Span) ? $"MRSIGNERSEAM {Hex(td.MrSignerSeam)}"
            : !IsEqualUnderMask(td.SeamAttributes.Span, expected.Attributes.Span, expected.AttributesMask.Span)
                ? $"SEAMATTRIBUTES {Hex(td.SeamAttributes)}"
            : null;
        return mismatch is null
            ? null
            : QuoteReasons.UnknownTdxModule.At(QuoteStage.QuotingEnclave, $"the TDX module is not Intel's: {mismatch}");
    }

    private static List<TcbLevel> LevelsOf(IEnumerable<IsvSvnLevel> levels) => [.. levels.Select(level => level.Level)];

    private static List<string> AdvisoriesOf(IEnumerable<TcbLevel> levels) =>
        [.. levels.SelectMany(level => level.AdvisoryIds).Distinct(AdvisoryId.Comparer)];

    private Outcome<Components> EvaluateComponents(ReadOnlyMemory<byte>? teeTcbSvn, TcbLevel qe)
    {
        var index = tcbInfo.Levels.FindIndex(level => Reaches(level, teeTcbSvn));
        if (index < 0)
        {
            var missing = tcbInfo.Levels.Count == 0
                ? []
                : new TcbShortfall(pck, teeTcbSvn)
                    .ComparePlatform(tcbInfo.Levels[^1], "the lowest level", FirstTdxComponent(teeTcbSvn)).Lines;
            return NotSupported(Join("the platform's security versions are below every level of the TCB info", missing));
        }
        TcbLevel? module = null;
        if (teeTcbSvn is { } svn && svn.Span[TdxModuleVersion] > 0)
        {
            module = FindModule(svn.Span[TdxModuleVersion])?.Levels.FirstOrDefault(level => level.IsvSvn <= svn.Span[TdxModuleSvn])?.Level;
            if (module is null)
            {
                return NotSupported(
                    $"the TCB info has no level for TDX module version {svn.Span[TdxModuleVersion]}, "
                    + $"security version {svn.Span[TdxModuleSvn]}");
            }
        }
        var platform = tcbInfo.Levels[index].Level;
        var status = Converge(platform.Status, module is null ? [qe.Status] : [qe.Status, module.Status]);
        return new Components(platform, index, module, status);
    }

    private bool Reaches(PlatformLevel level, ReadOnlyMemory<byte>? teeTcbSvn)
    {
        if (!pck.Reaches(level.SgxComponents.Span, level.PceSvn))
        {
            return false;
        }
        if (teeTcbSvn is { } svn && level.TdxComponents is { } least)
        {
            for (var i = FirstTdxComponent(svn); i < PckExtension.ComponentCount; i++)
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

    private TcbShortfall FindShortfall(Components launch, TcbLevel qe, TcbStatus status)
    {
        var shortfall = new TcbShortfall(pck, quote.TdReport?.TeeTcbSvn);
        // A level below the first may be up to date too; then the platform is not behind.
        if (launch.Index > 0 && launch.Platform.Status != TcbStatus.UpToDate)
        {
            var first = tcbInfo.Levels[0];
            shortfall.ComparePlatform(first, first.Level.Status.ToString(), FirstTdxComponent(quote.TdReport?.TeeTcbSvn));
        }
        shortfall.AddRemedies(launch.Platform.Status);
        shortfall.CompareQuotingEnclave(quote.QeReport.IsvSvn, qeIdentity.Levels, qe);
        if (launch.Module is { } module)
        {
            var svn = quote.TdReport!.TeeTcbSvn.Span;
            shortfall.CompareModule(svn[TdxModuleVersion], svn[TdxModuleSvn], FindModule(svn[TdxModuleVersion])!.Levels, module);
        }
        if (status is TcbStatus.TDRelaunchAdvised or TcbStatus.TDRelaunchAdvisedConfigurationNeeded)
        {
            shortfall.AddRelaunch();
        }
        return shortfall;
    }

    // If the module has its own identity, the first two components are the module's.
    private static int FirstTdxComponent(ReadOnlyMemory<byte>? teeTcbSvn) => teeTcbSvn?.Span[TdxModuleVersion] > 0 ? 2 : 0;

    // The platform's status, made worse by the statuses of its quoting enclave and TDX module.
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
        var needsConfiguration = current is TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded;
        var isBetterNow = needsConfiguration || current is TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded;
        return !isBetterNow ? launch : launch switch
        {
            TcbStatus.OutOfDate when !needsConfiguration => TcbStatus.TDRelaunchAdvised,
            TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded => TcbStatus.TDRelaunchAdvisedConfigurationNeeded,
            _ => launch,
        };
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

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Join(string fact, IReadOnlyList<string> lines) =>
        lines.Count > 0 ? $"{fact}: {string.Join("; ", lines)}" : fact;

    private static Refusal NotSupported(string detail, string? remedy = null) =>
        QuoteReasons.NotSupported.At(QuoteStage.Tcb, detail) with { Remedy = remedy ?? QuoteReasons.NotSupported.Remedy };

    // The levels that one set of security versions reaches, and their combined status.
    private sealed record Components(TcbLevel Platform, int Index, TcbLevel? Module, TcbStatus Status);

    // The level that a component has, and all levels of its document.
    private sealed record Component(TcbLevel Level, IReadOnlyList<TcbLevel> All)
    {
        public bool IsOutOfDate => Level.Status is TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded;

        // The first recovery after the component's level, not the newest: a platform that missed several is outdated since the first.
        public DateTimeOffset? OutOfDateSince =>
            All.Where(each => each.Date > Level.Date).Min(each => (DateTimeOffset?)each.Date);

        public TcbLevel Updated => IsOutOfDate ? All.MaxBy(each => each.Date)! : Level;
    }
}
