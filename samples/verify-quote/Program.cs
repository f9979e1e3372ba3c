using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Sgx;

var collateral = CollateralFiles.Read(args[1], out var problem) ?? throw new InvalidDataException(problem);
var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(args[2], provider: null));
var verdict = QuoteVerifier.Verify(File.ReadAllBytes(args[0]), collateral, at, VerifierOptions.IntelOnly);
var policy = new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware] };
var appraisal = verdict.IsVerified ? policy.Appraise(verdict.Quote) : null;
Console.WriteLine(verdict.Failure?.Detail ?? string.Join("\n", appraisal!.Checks));
return appraisal?.IsAccepted == true ? 0 : 1;
