using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Sgx;

var (collateral, unreadable) = CollateralFiles.Read(args[1]);
var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(args[2], provider: null));
var (quote, refusal) = QuoteVerifier.Verify(File.ReadAllBytes(args[0]), collateral, at, VerifierOptions.IntelOnly);
var policy = new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware] };
var appraisal = quote is null ? null : policy.Appraise(quote);
Console.WriteLine((unreadable ?? refusal)?.Detail ?? string.Join("\n", appraisal!.Checks));
return appraisal?.IsAccepted == true ? 0 : 1;
