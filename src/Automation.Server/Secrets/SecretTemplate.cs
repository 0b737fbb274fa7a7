namespace Automation.Server.Secrets;

internal static class SecretTemplate
{
    public static string Mask(string escaped) => escaped;
}
