namespace Automation.Server.Triggers.Schedules;

/// <summary>The trigger that fires at times.</summary>
internal static class SchedulesFeature
{
    /// <summary>Comes after the workflows: they are loaded by the time the timer starts.</summary>
    public static IServiceCollection AddSchedules(this IServiceCollection services)
    {
        services.AddSingleton<ScheduleTable>();
        services.AddSingleton<ScheduleTimer>();
        services.AddHostedService(provider => provider.GetRequiredService<ScheduleTimer>());
        return services;
    }
}
