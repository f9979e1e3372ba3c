using Guardian.House.Tests.Planted.High;

namespace Guardian.House.Tests.Planted.Low;

/// <summary>A fault on purpose: a low floor uses a high one. The architecture test must find it.</summary>
internal sealed class Foundation
{
    public static string Describe() => new Roof().ToString();
}
