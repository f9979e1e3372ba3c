using System.Globalization;
using Guardian.Bench.Cas;

// guardian-bench-cas [admissions SECONDS | scale SESSIONS | start ENCLAVES | hostile SECONDS]
if (args is ["strangers", var cas])
{
    await Strangers.RunAsync(new Uri(cas)).ConfigureAwait(false);
    return 0;
}
var what = args.Length > 0 ? args[0] : "admissions";
var size = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 0;
var isMet = what switch
{
    "admissions" => await AdmissionBench.RunAsync(TimeSpan.FromSeconds(size > 0 ? size : 5)).ConfigureAwait(false),
    "scale" => await ScaleBench.RunAsync(size > 0 ? (int)size : 100_000).ConfigureAwait(false),
    "start" => await StartBench.RunAsync(size > 0 ? (int)size : 1_000).ConfigureAwait(false),
    "hostile" => await HostileBench.RunAsync(TimeSpan.FromSeconds(size > 0 ? size : 60)).ConfigureAwait(false),
    _ => throw new ArgumentException($"'{what}' is none of admissions, scale, start, hostile"),
};
return isMet ? 0 : 1;
