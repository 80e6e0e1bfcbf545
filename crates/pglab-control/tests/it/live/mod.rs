mod caps;
mod commits;
mod school;
